# The only bucket that everybody may read: the static pages, and where each area of the API lives.
resource "google_storage_bucket" "site" {
  # checkov:skip=CKV_GCP_62:Who reads and writes objects is in Cloud Audit Logs; access logs are for buckets that strangers write to
  # checkov:skip=CKV_GCP_78:The pages are made from the sources again at any time
  # checkov:skip=CKV_GCP_114:The site is for everybody to read; it is the one bucket that is

  name                        = local.site_bucket
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "inherited"
  force_destroy               = true
  labels                      = local.labels

  website {
    main_page_suffix = "index.html"
    not_found_page   = "index.html"
  }

  soft_delete_policy {
    retention_duration_seconds = 0
  }
}
