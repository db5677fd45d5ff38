# The names and what to do about each: `python -m infra.packaging.alerts --write`, from the code and
# the runbook.
locals {
  alerts = jsondecode(file("${path.module}/alerts.json"))
}

# One metric for all alarms that the code writes down; the log's field names them.
resource "google_logging_metric" "alarms" {
  name        = "${var.deployment_id}/alarms"
  description = "What a person must look at, by its name"
  filter      = "resource.type=\"cloud_run_revision\" AND jsonPayload.logger=\"dumont.alarms\""

  label_extractors = { alarm = "EXTRACT(jsonPayload.alarm)" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    labels {
      key         = "alarm"
      value_type  = "STRING"
      description = "The alarm's name in the runbook"
    }
  }

  depends_on = [google_project_service.used]
}
