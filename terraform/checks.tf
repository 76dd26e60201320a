# Said at the end of a plan; it does not stop one.

check "package" {
  assert {
    condition     = fileexists(var.package)
    error_message = "There is no ${var.package}: run make package before you apply."
  }
}
