# The plans whose inventory tests/terraform reads: `terraform test -json -verbose`.
mock_provider "google" {
  mock_data "google_project" {
    defaults = {
      number          = "123456789012"
      billing_account = "012345-6789AB-CDEF01"
    }
  }
}

variables {
  project_id = "dumont-example"
}

run "direct" {
  command = plan

  assert {
    condition     = length(module.function) == length(local.functions)
    error_message = "Each function of the manifest is deployed, and nothing else."
  }
  assert {
    condition     = toset([for each in module.function : each.url]) == toset(values(local.urls))
    error_message = "Each function is told of the others by the address that it will have."
  }
}

run "load_balancer" {
  command = plan

  variables {
    front_door = "load_balancer"
    hostname   = "gpu.example.com"
  }

  assert {
    condition     = output.public_url == "https://gpu.example.com"
    error_message = "Behind a load balancer everything but the machines' calls has one address."
  }
}

run "everything" {
  command = plan

  variables {
    deployment_id            = "gpu"
    alert_emails             = ["one@example.com", "two@example.com"]
    monthly_budget           = 20
    spend_alert_usd_per_hour = 12.5
    analysis                 = true
    point_in_time_recovery   = true
    backup_days              = 0
    market_keys              = { vast = "our-vast-key" }
  }
}
