resource "google_artifact_registry_repository" "images" {
  # checkov:skip=CKV_GCP_84:Images hold published code and no secret; a key of ours would protect nothing

  repository_id = "${var.deployment_id}-functions"
  location      = var.region
  format        = "DOCKER"
  description   = "Images that Cloud Build makes of the functions' sources"
  labels        = local.labels

  # What is beyond half a GiB is billed, and nobody goes back further than two versions.
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions { keep_count = 2 }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition { older_than = "604800s" }
  }

  depends_on = [google_project_service.used]
}
