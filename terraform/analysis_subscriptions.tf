resource "google_pubsub_subscription" "analysis" {
  for_each = local.analysed

  name   = "${google_pubsub_topic.event[each.key].name}-analysis"
  topic  = google_pubsub_topic.event[each.key].name
  labels = local.labels

  bigquery_config {
    table          = "${var.project_id}.${google_bigquery_table.events[each.key].dataset_id}.${google_bigquery_table.events[each.key].table_id}"
    write_metadata = true
  }

  expiration_policy {
    ttl = ""
  }

  depends_on = [google_bigquery_table_iam_member.writer]
}
