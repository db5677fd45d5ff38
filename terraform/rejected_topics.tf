# What a subscription gives up on, and the copy of a message that its function refused for good.
resource "google_pubsub_topic" "rejected" {
  # checkov:skip=CKV_GCP_83:Messages carry ids and never the state itself; a key of ours would protect nothing

  for_each = local.topics

  name                       = "${each.key}-rejected"
  message_retention_duration = "${var.rejected_retention_days * 86400}s"
  labels                     = local.labels
}
