# Names are fixed: other systems subscribe to these topics and publish the request ones.
resource "google_pubsub_topic" "event" {
  # checkov:skip=CKV_GCP_83:Messages carry ids and never the state itself; a key of ours would protect nothing

  for_each = local.topics

  name   = each.key
  labels = local.labels
}
