# What all machines together cost in an hour, as the sweep writes it down each half of an hour.
resource "google_logging_metric" "spend" {
  name            = "${var.deployment_id}/spend_rate"
  description     = "USD per hour of everything that stands at marketplaces"
  filter          = "resource.type=\"cloud_run_revision\" AND jsonPayload.logger=\"dumont.figures\" AND jsonPayload.spend_rate_usd_per_hour>=0"
  value_extractor = "EXTRACT(jsonPayload.spend_rate_usd_per_hour)"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "1"
  }

  bucket_options {
    exponential_buckets {
      num_finite_buckets = 40
      growth_factor      = 1.4
      scale              = 0.01
    }
  }

  depends_on = [google_project_service.used]
}
