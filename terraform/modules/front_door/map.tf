resource "google_compute_url_map" "this" {
  name            = "${var.name}-paths"
  default_service = google_compute_backend_bucket.site.id

  host_rule {
    hosts        = [var.hostname]
    path_matcher = "manifest"
  }

  path_matcher {
    name            = "manifest"
    default_service = google_compute_backend_bucket.site.id

    dynamic "path_rule" {
      for_each = var.paths

      content {
        paths   = path_rule.value
        service = google_compute_backend_service.function[path_rule.key].id
      }
    }
  }
}
