# The interfaces of Google Cloud that the resources below are made of. None is turned off when this
# deployment ends: others in the project may use it.
locals {
  services = toset([
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
    "sts.googleapis.com",
  ])
}

resource "google_project_service" "used" {
  for_each = setunion(
    local.services,
    local.balanced ? ["compute.googleapis.com"] : [],
    var.monthly_budget == null ? [] : ["billingbudgets.googleapis.com", "cloudbilling.googleapis.com"],
    var.analysis ? ["bigquery.googleapis.com"] : [],
  )

  service            = each.key
  disable_on_destroy = false
}
