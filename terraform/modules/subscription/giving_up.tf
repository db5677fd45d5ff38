# What the service agent needs to put a message aside: to publish it there and to take it off here.
# Without both, a message is delivered for ever.
resource "google_pubsub_topic_iam_member" "rejected" {
  topic  = var.rejected_topic
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:${var.agent}"
}

resource "google_pubsub_subscription_iam_member" "push" {
  subscription = google_pubsub_subscription.push.name
  role         = "roles/pubsub.subscriber"
  member       = "serviceAccount:${var.agent}"
}
