# Tells, and stops nothing: to stop would be to leave machines alone that cost more than this.
resource "google_billing_budget" "project" {
  count = var.monthly_budget == null ? 0 : 1

  billing_account = data.google_project.this.billing_account
  display_name    = "${var.deployment_id} in ${var.project_id}: see project_budget in the runbook"

  budget_filter {
    projects        = ["projects/${data.google_project.this.number}"]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      units = tostring(var.monthly_budget)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]

    content {
      threshold_percent = threshold_rules.value
      spend_basis       = "CURRENT_SPEND"
    }
  }
  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }

  all_updates_rule {
    monitoring_notification_channels = local.channels
    disable_default_iam_recipients   = false
  }

  depends_on = [google_project_service.used]
}
