module "schedule" {
  source   = "./modules/schedule"
  for_each = local.scheduled

  region       = var.region
  name         = local.services_of[each.key]
  description  = local.functions[each.key].description
  declared     = local.schedules[each.value]
  url          = module.function[each.key].url
  caller_email = module.function[each.key].caller_email
}
