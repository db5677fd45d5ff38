# The raw push of Pub/Sub, behind a token that the platform and the function both check. It ends
# with the deadline, so the function's own time fits into it.
resource "google_pubsub_subscription" "push" {
  name                       = var.name
  topic                      = var.topic
  ack_deadline_seconds       = var.declared.ack_deadline_s
  message_retention_duration = "604800s"
  labels                     = var.labels

  push_config {
    push_endpoint = "${var.url}/"

    oidc_token {
      service_account_email = var.caller_email
      audience              = var.url
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = "projects/${var.project_id}/topics/${var.rejected_topic}"
    max_delivery_attempts = var.declared.max_delivery_attempts
  }

  # Never: a quiet month must not end it.
  expiration_policy {
    ttl = ""
  }

  depends_on = [
    google_pubsub_topic_iam_member.rejected,
    google_service_account_iam_member.token,
  ]
}
