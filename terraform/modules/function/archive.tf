# Named by its content: a changed function is built anew, an unchanged one is left alone.
resource "google_storage_bucket_object" "archive" {
  bucket = var.source_bucket
  name   = "${var.name}/${try(filesha256(var.archive), "missing")}.zip"
  source = var.archive

  lifecycle {
    precondition {
      condition     = fileexists(var.archive)
      error_message = "${var.archive} is not there. `make package` makes it."
    }
  }
}
