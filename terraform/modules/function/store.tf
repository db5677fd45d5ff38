# Firestore grants by database and no finer; only this one.
resource "google_project_iam_member" "store" {
  count = var.database == null ? 0 : 1

  project = var.project_id
  role    = "roles/datastore.user"
  member  = local.member

  condition {
    title      = "Only the store of this deployment"
    expression = "resource.name == \"projects/${var.project_id}/databases/${var.database}\""
  }
}
