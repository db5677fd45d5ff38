# Whatever waits there: what Pub/Sub gave up on, and what the code refused for good.
resource "google_monitoring_alert_policy" "rejected" {
  display_name          = "${var.deployment_id}: messages were put aside"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

  dynamic "conditions" {
    for_each = google_pubsub_subscription.rejected

    content {
      display_name = conditions.value.name

      condition_threshold {
        filter          = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${conditions.value.name}\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
        comparison      = "COMPARISON_GT"
        threshold_value = 0
        duration        = "0s"

        aggregations {
          alignment_period   = "60s"
          per_series_aligner = "ALIGN_MAX"
        }
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = local.alerts.said.dead_letter
  }

  alert_strategy {
    auto_close = "86400s"
  }
}
