"""What a signer does about their own certificate beside signing: renewing it, going on after a suspension."""
