# Names are fixed: other systems subscribe to these topics and publish the request ones.
resource "google_pubsub_topic" "event" {
  for_each = local.topics

  name   = each.key
  labels = local.labels
}
