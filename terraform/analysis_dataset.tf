locals {
  analysed = { for name, topic in local.topics : name => topic if var.analysis && try(topic.analysed, false) }
}

resource "google_bigquery_dataset" "analysis" {
  # checkov:skip=CKV_GCP_81:Events carry ids and never the state itself; a key of ours would protect nothing

  count = var.analysis ? 1 : 0

  dataset_id  = replace("${var.deployment_id}_events", "-", "_")
  location    = var.region
  description = "Events as they were published, for questions over months"
  labels      = local.labels

  depends_on = [google_project_service.used]
}
