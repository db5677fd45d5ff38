resource "google_monitoring_alert_policy" "spend" {
  count = var.spend_alert_usd_per_hour == null ? 0 : 1

  display_name          = "${var.deployment_id}: machines cost more than expected"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = "More than $${var.spend_alert_usd_per_hour} an hour"

    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.spend.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = var.spend_alert_usd_per_hour
      duration        = "0s"

      # Its bucket's middle, so within a fifth of what was written down.
      aggregations {
        alignment_period     = "900s"
        per_series_aligner   = "ALIGN_PERCENTILE_50"
        cross_series_reducer = "REDUCE_MAX"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = local.alerts.said.spend_rate
  }

  alert_strategy {
    auto_close = "3600s"
  }

  # A new metric cannot be asked for at once. Building the functions takes longer.
  depends_on = [module.function]
}
