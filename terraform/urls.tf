# A service's own address is known before it is made: its name, the project's number, the region.
# Its functions can so be told where the others are, and callers for whom their tokens are.
locals {
  services_of = { for name, each in local.functions : name => replace(name, "_", "-") }
  urls = {
    for name, service in local.services_of :
    name => "https://${service}-${data.google_project.this.number}.${var.region}.run.app"
  }

  balanced = var.front_door == "load_balancer"
  # A bucket's own host is an origin that no other bucket shares.
  site_url    = local.balanced ? "https://${var.hostname}" : "https://${local.site_bucket}.storage.googleapis.com"
  public_url  = local.balanced ? "https://${var.hostname}" : local.urls[local.base]
  area_urls   = local.balanced ? { (local.machine) = local.urls[local.machine] } : { for name in keys(local.http) : name => local.urls[name] }
  site_bucket = "${var.project_id}-${var.deployment_id}-site"
}
