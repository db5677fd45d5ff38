resource "google_compute_global_address" "this" {
  name = "${var.name}-front-door"
}
