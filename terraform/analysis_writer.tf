# Pub/Sub writes with its own account: into these tables and nowhere else.
resource "google_bigquery_table_iam_member" "writer" {
  for_each = google_bigquery_table.events

  dataset_id = each.value.dataset_id
  table_id   = each.value.table_id
  role       = "roles/bigquery.dataEditor"
  member     = "serviceAccount:${local.pubsub_agent}"
}
