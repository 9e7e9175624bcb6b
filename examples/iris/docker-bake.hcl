# docker buildx bake builds and pushes the image with what CI would give it;
# docker buildx bake lock writes the lock.

variable "FRONTEND" {
  description = "the frontend image; not needed where the Deployfile names it by # syntax="
  default     = "registry.example.com/deployfile/frontend:1"
}

variable "IMAGE" {
  default = "registry.example.com/models/iris"
}

variable "TAG" {
  default = "latest"
}

group "default" {
  targets = ["image"]
}

target "deployfile" {
  dockerfile = "Deployfile"
  args       = { BUILDKIT_SYNTAX = FRONTEND }
}

target "image" {
  inherits   = ["deployfile"]
  args       = { DEPLOYFILE_LOCKED = "1" }
  tags       = ["${IMAGE}:${TAG}"]
  cache-from = ["type=registry,ref=${IMAGE}:cache"]
  cache-to   = ["type=registry,ref=${IMAGE}:cache,mode=max"]
  output     = ["type=registry"]
}

target "lock" {
  inherits = ["deployfile"]
  target   = "lock"
  output   = ["type=local,dest=."]
}
