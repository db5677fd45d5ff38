locals {
  # Each proxy of the platform appends one address to X-Forwarded-For.
  hops = var.behind_balancer ? 2 : 1

  own_environment = merge(
    var.environment,
    { THREADS = tostring(var.declared.concurrency), DUMONT_TRUSTED_HOPS = tostring(local.hops) },
    local.public ? {} : {
      DUMONT_CALLER_AUDIENCE = var.url
      DUMONT_CALLER_ACCOUNTS = join(",", local.caller_emails)
    },
  )
  ingress = local.public ? (var.behind_balancer ? "ALLOW_INTERNAL_AND_GCLB" : "ALLOW_ALL") : "ALLOW_INTERNAL_ONLY"
}

resource "google_cloudfunctions2_function" "this" {
  # checkov:skip=CKV_GCP_124:What serves paths is for everybody; all else takes calls from within alone

  name        = var.service
  location    = var.region
  description = var.declared.description
  labels      = var.labels

  build_config {
    runtime           = var.runtime
    entry_point       = var.name
    service_account   = "projects/${var.project_id}/serviceAccounts/${var.builder}"
    docker_repository = var.repository

    source {
      storage_source {
        bucket = google_storage_bucket_object.archive.bucket
        object = google_storage_bucket_object.archive.name
      }
    }
  }

  service_config {
    available_cpu                    = tostring(var.declared.cpu)
    available_memory                 = "${var.declared.memory_mib}Mi"
    max_instance_request_concurrency = var.declared.concurrency
    max_instance_count               = var.declared.max_instances
    min_instance_count               = 0
    timeout_seconds                  = var.declared.timeout_s
    ingress_settings                 = local.ingress
    service_account_email            = local.email
    all_traffic_on_latest_revision   = true
    environment_variables            = local.own_environment

    dynamic "secret_environment_variables" {
      for_each = var.market_keys

      content {
        key        = "DUMONT_${upper(secret_environment_variables.key)}_KEY"
        project_id = var.project_id
        secret     = secret_environment_variables.value
        version    = "latest"
      }
    }
  }

  lifecycle {
    precondition {
      condition     = length(split(".", trimprefix(var.url, "https://"))[0]) <= 63
      error_message = "The name ${var.name} is too long: with the project's number the first part of an address has at most 63 characters."
    }
  }

  # An instance that starts before it may read the master key fails its first requests.
  depends_on = [
    google_project_iam_member.store,
    google_pubsub_topic_iam_member.bus,
    google_secret_manager_secret_iam_member.market_key,
    google_secret_manager_secret_iam_member.master_key,
    google_storage_bucket_iam_member.blobs,
  ]
}
