# The pages say their policy in a tag, which cannot say these.
resource "google_compute_backend_bucket" "site" {
  name             = "${var.name}-site"
  bucket_name      = var.site_bucket
  enable_cdn       = true
  compression_mode = "AUTOMATIC"

  # As long as each object says of itself.
  cdn_policy {
    cache_mode = "USE_ORIGIN_HEADERS"
  }

  custom_response_headers = [
    "Strict-Transport-Security: max-age=63072000; includeSubDomains",
    "Content-Security-Policy: frame-ancestors 'none'",
    "X-Content-Type-Options: nosniff",
    "Referrer-Policy: no-referrer",
    "Cross-Origin-Opener-Policy: same-origin",
    "Permissions-Policy: camera=(), geolocation=(), microphone=()",
  ]
}
