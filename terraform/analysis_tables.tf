# The form in which Pub/Sub writes a message with what it knows of it.
resource "google_bigquery_table" "events" {
  # checkov:skip=CKV_GCP_80:Events carry ids and never the state itself; a key of ours would protect nothing
  # checkov:skip=CKV_GCP_121:What is in it was published, and can be let go with the deployment

  for_each = local.analysed

  dataset_id               = google_bigquery_dataset.analysis[0].dataset_id
  table_id                 = replace(each.key, "-", "_")
  description              = "Messages of the topic ${each.key}"
  deletion_protection      = false
  require_partition_filter = false
  labels                   = local.labels

  time_partitioning {
    type          = "DAY"
    field         = "publish_time"
    expiration_ms = 400 * 86400 * 1000
  }

  schema = jsonencode([
    { name = "subscription_name", type = "STRING", mode = "NULLABLE" },
    { name = "message_id", type = "STRING", mode = "NULLABLE" },
    { name = "publish_time", type = "TIMESTAMP", mode = "NULLABLE" },
    { name = "attributes", type = "JSON", mode = "NULLABLE" },
    { name = "data", type = "JSON", mode = "NULLABLE" },
  ])
}
