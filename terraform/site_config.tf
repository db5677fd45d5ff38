# Where the pages find each area of the API: they are the same files in every deployment. Without
# areas it is their own host.
locals {
  served      = jsondecode(file("${path.module}/../shared/edge/assets/functions.json"))
  site_config = { areas = local.balanced ? {} : { for area, name in local.served.areas : area => local.urls[name] } }
}

resource "google_storage_bucket_object" "site_config" {
  bucket        = google_storage_bucket.site.name
  name          = "config.json"
  content       = jsonencode(local.site_config)
  content_type  = "application/json"
  cache_control = "no-cache"
}
