# Google issues it once the name points here, and renews it. Its own name follows the host's, since
# a certificate that is in use can only be replaced by another.
resource "google_compute_managed_ssl_certificate" "this" {
  name = "${var.name}-${substr(sha256(var.hostname), 0, 8)}"

  managed {
    domains = [var.hostname]
  }

  lifecycle {
    create_before_destroy = true
  }
}
