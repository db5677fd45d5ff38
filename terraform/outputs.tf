output "topics" {
  description = "Each topic's full name, and that of the topic for what nobody could handle."
  value = {
    for name, topic in google_pubsub_topic.event :
    name => { id = topic.id, rejected_id = google_pubsub_topic.rejected[name].id }
  }
}
