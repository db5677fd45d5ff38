# What is refused before anything is made. Each variable that is named here must fail.
mock_provider "google" {}

variables {
  project_id = "dumont-example"
}

run "nonsense" {
  command = plan

  variables {
    project_id               = "Dumont"
    region                   = "us-central1-a"
    deployment_id            = "Dumont"
    runtime                  = "python310"
    build_folder             = "build/"
    site_folder              = ""
    front_door               = "gateway"
    beat_s                   = 1
    lease_renewal_s          = 86400
    rejected_retention_days  = 365
    backup_days              = 0.5
    alert_emails             = ["me"]
    monthly_budget           = 0
    beats_logged_percent     = 101
    spend_alert_usd_per_hour = 0
    requests_per_minute      = 1000000
    market_keys              = { "VAST key" = "our-vast-key" }
  }

  expect_failures = [
    var.project_id,
    var.region,
    var.deployment_id,
    var.runtime,
    var.build_folder,
    var.site_folder,
    var.front_door,
    var.beat_s,
    var.lease_renewal_s,
    var.rejected_retention_days,
    var.backup_days,
    var.alert_emails,
    var.monthly_budget,
    var.beats_logged_percent,
    var.spend_alert_usd_per_hour,
    var.requests_per_minute,
    var.market_keys,
  ]
}

run "a_load_balancer_without_a_name" {
  command = plan
  variables {
    front_door = "load_balancer"
  }
  expect_failures = [var.hostname]
}

run "a_name_without_a_load_balancer" {
  command = plan
  variables {
    hostname = "gpu.example.com"
  }
  expect_failures = [var.hostname]
}

run "an_address_for_a_name" {
  command = plan
  variables {
    front_door = "load_balancer"
    hostname   = "https://gpu.example.com/"
  }
  expect_failures = [var.hostname]
}
