# A message that it refuses for good is copied there, with the reason.
resource "google_pubsub_topic_iam_member" "rejected" {
  for_each = var.rejected

  topic  = each.value
  role   = "roles/pubsub.publisher"
  member = local.member
}
