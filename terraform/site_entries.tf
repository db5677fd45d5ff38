# A bucket's own host knows no page for a path that is no object. Those by which people come in, from
# a link or a bookmark, are copies of the one page; behind a load balancer every path leads to it.
resource "google_storage_bucket_object" "entry" {
  for_each = local.has_site && !local.balanced ? toset(["deploy", "offers", "register", "sign-in", "status"]) : toset([])

  bucket        = google_storage_bucket.site.name
  name          = each.key
  source        = "${var.site_folder}/index.html"
  content_type  = local.media_types.html
  cache_control = "no-cache"
}
