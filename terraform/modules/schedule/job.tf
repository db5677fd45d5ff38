# A run that failed is tried once more; the next period comes anyway.
resource "google_cloud_scheduler_job" "this" {
  name             = var.name
  region           = var.region
  description      = var.description
  schedule         = var.declared.cron
  time_zone        = "Etc/UTC"
  attempt_deadline = "${var.declared.attempt_deadline_s}s"

  retry_config {
    retry_count          = 1
    min_backoff_duration = "5s"
    max_backoff_duration = "30s"
  }

  http_target {
    http_method = "POST"
    uri         = "${var.url}/"

    oidc_token {
      service_account_email = var.caller_email
      audience              = var.url
    }
  }
}
