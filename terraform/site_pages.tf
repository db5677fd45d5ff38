locals {
  media_types = {
    css         = "text/css; charset=utf-8"
    html        = "text/html; charset=utf-8"
    ico         = "image/vnd.microsoft.icon"
    js          = "text/javascript; charset=utf-8"
    json        = "application/json"
    map         = "application/json"
    png         = "image/png"
    svg         = "image/svg+xml"
    txt         = "text/plain; charset=utf-8"
    webmanifest = "application/manifest+json"
    woff2       = "font/woff2"
  }
  # What begins with a dot is the build's own.
  site_pages = toset([for page in fileset(var.site_folder, "**") : page if page != "config.json" && !can(regex("(^|/)\\.", page))])
  has_site   = contains(local.site_pages, "index.html")
}

# Files in site/ have their digest in their names; every other one is asked for anew.
resource "google_storage_bucket_object" "page" {
  for_each = local.site_pages

  bucket        = google_storage_bucket.site.name
  name          = each.key
  source        = "${var.site_folder}/${each.key}"
  content_type  = lookup(local.media_types, reverse(split(".", each.key))[0], "application/octet-stream")
  cache_control = startswith(each.key, "site/") ? "public, max-age=31536000, immutable" : "no-cache"
}
