# While it is silent it writes nothing, so its runs' absence tells.
resource "google_monitoring_alert_policy" "sweeper" {
  display_name          = "${var.deployment_id}: no sweep for ten minutes"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = "No run of ${local.sweeper} ended well"

    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${module.function[local.sweeper].service}\" AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"2xx\""
      duration = "600s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = local.alerts.said.sweeper_silent
  }

  alert_strategy {
    auto_close = "1800s"
  }
}
