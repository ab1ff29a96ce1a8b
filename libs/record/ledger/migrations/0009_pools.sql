CREATE TABLE "placement" (
	"configuration_id" text PRIMARY KEY NOT NULL,
	"pool" text NOT NULL,
	"placed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "pool" (
	"name" text NOT NULL,
	"version" integer NOT NULL,
	"declaration" jsonb NOT NULL,
	"declared_at" timestamp with time zone DEFAULT now() NOT NULL,
	"environment_class" text,
	"environment" jsonb,
	CONSTRAINT "pool_name_version_pk" PRIMARY KEY("name","version"),
	CONSTRAINT "pool_version_from_one" CHECK ("pool"."version" >= 1),
	CONSTRAINT "pool_environment_class_is_digest" CHECK ("pool"."environment_class" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "pool_environment_whole" CHECK (("pool"."environment_class" is null) = ("pool"."environment" is null))
);
--> statement-breakpoint
ALTER TABLE "placement" ADD CONSTRAINT "placement_configuration_id_configuration_id_fk" FOREIGN KEY ("configuration_id") REFERENCES "public"."configuration"("id") ON DELETE no action ON UPDATE no action;