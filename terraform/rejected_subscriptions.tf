# A topic keeps nothing for those who come later: this subscription does, for a person to pull.
resource "google_pubsub_subscription" "rejected" {
  for_each = local.topics

  name                       = google_pubsub_topic.rejected[each.key].name
  topic                      = google_pubsub_topic.rejected[each.key].name
  ack_deadline_seconds       = 600
  message_retention_duration = "${var.rejected_retention_days * 86400}s"
  labels                     = local.labels

  expiration_policy {
    ttl = ""
  }
}
