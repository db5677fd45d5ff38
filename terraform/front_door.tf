# A path of the manifest goes to its function; what is under /api and nobody's goes to the one that
# answers for unknown paths; all else is a page. Machines call their function directly: they are
# most of the requests, and nothing here would help against a stolen token.
locals {
  versioned = { for name, paths in local.http : name => concat(paths, [for path in paths : replace(path, "/^/api//", "/api/v1/") if startswith(path, "/api/")]) }
  front_paths = {
    for name, paths in local.versioned :
    name => sort([for path in concat(paths, name == local.base ? ["/api/*"] : []) : path if path != "/"])
    if name != local.machine
  }
}

module "front_door" {
  source = "./modules/front_door"
  count  = local.balanced ? 1 : 0

  name                = var.deployment_id
  region              = var.region
  hostname            = var.hostname
  paths               = local.front_paths
  services            = { for name in keys(local.front_paths) : name => module.function[name].service }
  site_bucket         = google_storage_bucket.site.name
  requests_per_minute = var.requests_per_minute

  depends_on = [google_project_service.used]
}
