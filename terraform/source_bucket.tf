resource "google_storage_bucket" "sources" {
  # checkov:skip=CKV_GCP_62:Who reads and writes objects is in Cloud Audit Logs; access logs are for buckets that strangers write to
  # checkov:skip=CKV_GCP_78:An archive is named by its digest: no object is ever replaced

  name                        = "${var.project_id}-${var.deployment_id}-sources"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true
  labels                      = local.labels

  soft_delete_policy {
    retention_duration_seconds = 0
  }
}
