# What shared/bootstrap.py reads. The test of the plan's inventory holds the two to each other.
locals {
  environment = {
    DUMONT_PLATFORM          = "google"
    GOOGLE_CLOUD_PROJECT     = var.project_id
    DUMONT_DATA_DIR          = "/tmp/dumont"
    DUMONT_DEPLOYMENT_ID     = var.deployment_id
    DUMONT_SCHEDULER_PARENT  = "projects/${var.project_id}/locations/${var.region}"
    DUMONT_BUCKET            = google_storage_bucket.snapshots.name
    DUMONT_MASTER_SECRET     = "projects/${var.project_id}/secrets/${google_secret_manager_secret.master_key.secret_id}"
    DUMONT_PUBLIC_URL        = local.public_url
    DUMONT_AGENT_URL         = local.urls[local.machine]
    DUMONT_AREA_URLS         = jsonencode(local.area_urls)
    DUMONT_SITE_ORIGIN       = local.site_url
    DUMONT_REGISTRATION_OPEN = tostring(var.registration_open)
    DUMONT_LEASE_RENEWAL_S   = tostring(var.lease_renewal_s)
    DUMONT_BEAT_S            = tostring(var.beat_s)
  }
}
