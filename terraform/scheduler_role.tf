# Looking at the schedules, pausing and resuming them: there is no role of Google's for so little.
resource "google_project_iam_custom_role" "scheduler" {
  role_id     = "${replace(var.deployment_id, "-", "_")}_scheduler"
  title       = "Pause and resume the schedules of ${var.deployment_id}"
  permissions = ["cloudscheduler.jobs.list", "cloudscheduler.jobs.pause", "cloudscheduler.jobs.enable"]
}
