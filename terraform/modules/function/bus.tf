# Publishing only. Whether a topic is there is asked too, and its refusal taken for an answer.
resource "google_pubsub_topic_iam_member" "bus" {
  for_each = var.topics

  topic  = each.key
  role   = "roles/pubsub.publisher"
  member = local.member
}
