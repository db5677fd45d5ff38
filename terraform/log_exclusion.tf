# Two lines for each beat of each machine would cost more than the beat. Failures are all kept, and
# the function's own lines about good ones are sampled where they are written.
resource "google_logging_project_exclusion" "beats" {
  name        = "${var.deployment_id}-beats"
  description = "The platform's lines about heartbeats that went well, but for a sample"
  filter = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=\"${module.function[local.machine].service}\"",
    "log_id(\"run.googleapis.com/requests\")",
    "httpRequest.requestUrl:\"/agent/v1/heartbeat\"",
    "httpRequest.status<400",
    "sample(insertId, ${(100 - var.beats_logged_percent) / 100})",
  ])

  depends_on = [google_project_service.used]
}
