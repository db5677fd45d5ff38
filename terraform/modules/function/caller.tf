# Whoever starts a function that is not public: its subscription, or its schedule.
resource "google_service_account" "caller" {
  count = local.public ? 0 : 1

  account_id   = "call-${var.service}"
  display_name = "May call ${var.name} and nothing else"
}

locals {
  public        = can(var.declared.trigger.http)
  caller_emails = [for account in google_service_account.caller : "${account.account_id}@${var.project_id}.iam.gserviceaccount.com"]
}
