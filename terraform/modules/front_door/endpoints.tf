resource "google_compute_region_network_endpoint_group" "function" {
  for_each = var.services

  name                  = "${var.name}-${each.value}"
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = each.value
  }
}
