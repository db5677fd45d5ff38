# Workspaces. What is deleted here was let go a day before by a policy, after its document said so:
# a second grace would be billed and would hide nothing.
resource "google_storage_bucket" "snapshots" {
  # checkov:skip=CKV_GCP_62:Who reads and writes objects is in Cloud Audit Logs; access logs are for buckets that strangers write to
  # checkov:skip=CKV_GCP_78:Objects are written once and never replaced; a deleted one was let go a day before, and keeping it would be billed

  name                        = "${var.project_id}-${var.deployment_id}-snapshots"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = local.labels

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}
