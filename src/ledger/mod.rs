//! What a namespace's branch looks like: a release turned into files, a difference turned into words.
