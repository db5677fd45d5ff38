resource "google_monitoring_alert_policy" "alarm" {
  for_each = toset(local.alerts.logged)

  display_name          = "${var.deployment_id}: ${each.key}"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = each.key

    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.alarms.name}\" AND metric.labels.alarm=\"${each.key}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = local.alerts.said[each.key]
  }

  alert_strategy {
    auto_close = "86400s"
  }

  # A new metric cannot be asked for at once. Building the functions takes longer.
  depends_on = [module.function]
}
