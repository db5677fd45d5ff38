# The function's own identity. It holds the roles of its capabilities and no others.
resource "google_service_account" "function" {
  account_id   = "fn-${var.service}"
  display_name = var.declared.description

  lifecycle {
    precondition {
      condition     = length(var.service) <= 25
      error_message = "The name ${var.name} is too long: with its prefix a service account has at most 30 characters."
    }
  }
}

locals {
  email  = "${google_service_account.function.account_id}@${var.project_id}.iam.gserviceaccount.com"
  member = "serviceAccount:${local.email}"
}
