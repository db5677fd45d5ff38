# Pub/Sub signs its pushes as the caller, which in older projects it may not do by itself.
resource "google_service_account_iam_member" "token" {
  service_account_id = "projects/${var.project_id}/serviceAccounts/${var.caller_email}"
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "serviceAccount:${var.agent}"
}
