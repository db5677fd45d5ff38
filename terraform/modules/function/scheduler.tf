# Cloud Scheduler grants by project and no finer.
resource "google_project_iam_member" "scheduler" {
  count = var.scheduler_role == null ? 0 : 1

  project = var.project_id
  role    = var.scheduler_role
  member  = local.member
}
