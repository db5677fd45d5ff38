# The secret's place. Its value is made by `make deploy` and never passes through Terraform, whose
# state would keep it.
resource "google_secret_manager_secret" "master_key" {
  secret_id           = "${var.deployment_id}-master-key"
  deletion_protection = true
  labels              = local.labels

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.used]
}
